package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// proxy stands between the instances and a server, and does to their connections what networks do. Its methods are for
// any goroutine.
type proxy struct {
	ln net.Listener
	wg sync.WaitGroup
	// harming is held by whoever does harm that lasts, so that no other ends it.
	harming sync.Mutex

	mu     sync.Mutex
	target string
	links  map[*link]bool
	closed bool
	fault  fault
	cuts   int // connections that the fault has cut since it began
	holds  int // parts of what is said that it holds back, or has held
}

// fault is what happens to all that passes. The zero value lets it pass.
type fault struct {
	// hold keeps back what goes to the server, to the instances, or both, without telling anybody.
	holdRequests, holdReplies bool
	// holdFrom lets a connection pass until this is said on it, as far as it comes in one piece; what comes with it is held as
	// well. Nil holds at once.
	holdFrom []byte
	// slice is the most bytes that are passed on at a time, each after delay. 0 is all at once.
	slice int
	delay time.Duration
	// cutAfter cuts each connection when so many bytes have passed in both directions since the fault began. 0 is never.
	cutAfter int64
	// cutting, if it is set, is called for each connection that this cuts, before it is closed. It must not close the proxy.
	cutting func()
}

// link is a connection through the proxy.
type link struct {
	client, server net.Conn
	passed         int64 // since the fault began; behind the proxy's mutex
}

func newProxy(target string) (*proxy, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{target: target, ln: ln, links: make(map[*link]bool)}
	p.wg.Go(p.serve)
	return p, nil
}

func (p *proxy) address() string { return p.ln.Addr().String() }

func (p *proxy) close() {
	p.ln.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cut()
	p.wg.Wait()
}

// redirect leads connections to another server from now on, and ends those that there are.
func (p *proxy) redirect(target string) {
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.cut()
}

// set begins a fault, or ends it.
func (p *proxy) set(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.cuts, p.holds = f, 0, 0
	for l := range p.links {
		l.passed = 0
	}
}

// cut ends all connections that there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.end()
	}
}

// holding is how many parts of what is said the fault holds back, or has held.
func (p *proxy) holding() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holds
}

// cutsDone is how many connections the fault has cut.
func (p *proxy) cutsDone() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (l *link) end() {
	l.client.Close()
	l.server.Close()
}

func (p *proxy) serve() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		server, err := net.DialTimeout("tcp4", target, time.Second)
		if err != nil {
			client.Close()
			continue
		}
		l := &link{client: client, server: server}
		p.mu.Lock()
		p.links[l] = true
		if p.closed {
			l.end()
		}
		p.mu.Unlock()
		p.wg.Go(func() { p.pump(l, l.client, l.server, true) })
		p.wg.Go(func() { p.pump(l, l.server, l.client, false) })
	}
}

// errCut is what a fault does to a connection.
var errCut = errors.New("cut")

func (p *proxy) pump(l *link, from, to net.Conn, requests bool) {
	defer func() {
		l.end()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		for part := buf[:n]; len(part) > 0; {
			passed, err := p.pass(l, to, part, requests)
			if err != nil {
				return
			}
			part = part[passed:]
		}
		if err != nil {
			return
		}
	}
}

// pass passes on some of what was read, once no fault holds it back.
func (p *proxy) pass(l *link, to net.Conn, part []byte, requests bool) (n int, err error) {
	const look = 5 * time.Millisecond
	for held := false; ; {
		p.mu.Lock()
		f, live, passed := p.fault, p.links[l] && !p.closed, l.passed
		p.mu.Unlock()
		if !live {
			return 0, errCut
		}
		if (requests && f.holdRequests || !requests && f.holdReplies) && bytes.Contains(part, f.holdFrom) {
			if !held {
				held = true
				p.mu.Lock()
				p.holds++
				p.mu.Unlock()
			}
			time.Sleep(look)
			continue
		}
		if f.slice > 0 {
			part = part[:min(len(part), f.slice)]
			time.Sleep(time.Duration(rand.Int64N(int64(f.delay) + 1)))
		}
		end := f.cutAfter > 0 && passed+int64(len(part)) >= f.cutAfter
		if end {
			part = part[:max(0, f.cutAfter-passed)]
		}
		n, err = to.Write(part)
		p.mu.Lock()
		l.passed += int64(n)
		if end {
			p.cuts++
		}
		p.mu.Unlock()
		if end {
			if f.cutting != nil {
				f.cutting()
			}
			return n, errCut
		}
		return n, err
	}
}
