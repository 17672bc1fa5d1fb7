package event

// EnvironmentError is a refusal that concerns no event and does not pass by itself: a missing table, no permission, a
// full disk. Whoever gets one waits until somebody has mended the cause, and tries again.
type EnvironmentError struct{ Err error }

func (e *EnvironmentError) Error() string {
	return e.Err.Error() + "; hint: once that is mended the service goes on by itself"
}

func (e *EnvironmentError) Unwrap() error { return e.Err }
