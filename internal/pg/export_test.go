package pg

// NetworkLock is the key of a network's advisory lock.
var NetworkLock = networkLock
