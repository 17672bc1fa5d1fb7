package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

func (n *nemesis) crashRedis(ctx context.Context) error {
	if n.always {
		return n.crashAndStart(ctx)
	}
	n.ledger.looking.Lock() // what is lost is not acknowledged too early
	defer n.ledger.looking.Unlock()
	owed, err := n.ledger.owed(ctx, n.redis, "")
	if err != nil {
		return err
	}
	if err := n.crashAndStart(ctx); err != nil {
		return err
	}
	return n.ledger.forgotten(ctx, n.redis, owed)
}

func (n *nemesis) crashAndStart(ctx context.Context) error {
	if err := n.redisServer.Signal(os.Kill); err != nil {
		return err
	}
	sleep(ctx, n.between(0, time.Second))
	return n.redisServer.Restart(ctx)
}

func (n *nemesis) freezeRedis(ctx context.Context) error {
	if err := n.redisServer.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	sleep(ctx, n.between(200*time.Millisecond, 3*time.Second))
	return n.redisServer.Signal(syscall.SIGCONT)
}

func (n *nemesis) cutClients(ctx context.Context) error {
	return n.redis.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
}

func (n *nemesis) destroyGroup(ctx context.Context) error {
	return n.ledger.destroy(ctx, n.redis, streamNames[n.random.IntN(len(streamNames))])
}

// flush empties Redis. What it had not been acknowledged for is lost, and no fault of the service's.
func (n *nemesis) flush(ctx context.Context) error { return n.ledger.flush(ctx, n.redis) }

// fillRedis has it refuse what takes memory: OOM.
func (n *nemesis) fillRedis(ctx context.Context) error {
	return n.configured(ctx, "maxmemory", "1", "0")
}

// configured gives Redis a setting for a while.
func (n *nemesis) configured(ctx context.Context, setting, value, usual string) error {
	if err := n.redis.ConfigSet(ctx, setting, value).Err(); err != nil {
		return err
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return n.redis.ConfigSet(context.WithoutCancel(ctx), setting, usual).Err()
}

// demoteRedis makes it the replica of nobody for a while: READONLY.
func (n *nemesis) demoteRedis(ctx context.Context) error {
	if err := n.redis.Do(ctx, "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		return err
	}
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return n.redis.Do(context.WithoutCancel(ctx), "REPLICAOF", "NO", "ONE").Err()
}

// failSnapshot puts a directory in the place of the snapshot's file, so that Redis refuses writes: MISCONF.
func (n *nemesis) failSnapshot(ctx context.Context) error {
	dir, err := n.redis.ConfigGet(ctx, "dir").Result()
	if err != nil {
		return err
	}
	inTheWay := filepath.Join(dir["dir"], "dump.rdb")
	if err := errors.Join(os.RemoveAll(inTheWay), os.Mkdir(inTheWay, 0o700)); err != nil {
		return err
	}
	defer os.Remove(inTheWay)
	// Later, if it writes its AOF anew just now.
	if err := n.redis.Do(ctx, "BGSAVE", "SCHEDULE").Err(); err != nil {
		return err
	}
	err = until(ctx, time.Minute, func() error {
		info, err := n.redis.Info(ctx, "persistence").Result()
		if err == nil && (!strings.Contains(info, "rdb_last_bgsave_status:err") || !strings.Contains(info, "rdb_bgsave_in_progress:0") ||
			!strings.Contains(info, "aof_rewrite_in_progress:0")) {
			err = errors.New("the snapshot has not failed")
		}
		return err
	})
	if err != nil {
		return err
	}
	return n.configured(ctx, "save", "3600 1000000000", "")
}

// changePassword has all that connect, or that were connected, refused for a while: WRONGPASS.
func (n *nemesis) changePassword(ctx context.Context) error {
	u, err := url.Parse(n.redisServer.URL())
	if err != nil {
		return err
	}
	usual, _ := u.User.Password()
	conn := n.redis.(*redis.Client).Conn()
	defer conn.Close()
	if err := conn.ConfigSet(ctx, "requirepass", "another").Err(); err != nil {
		return err
	}
	killed := conn.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
	sleep(ctx, n.between(100*time.Millisecond, 2*time.Second))
	return errors.Join(killed, conn.ConfigSet(context.WithoutCancel(ctx), "requirepass", usual).Err())
}
