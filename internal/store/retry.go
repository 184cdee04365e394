package store

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// The waits before a call is made again grow from the one to the other.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// backoff is the wait before another attempt, of which a random part is left out: many containers start at once.
func backoff(attempt int, _ error) (time.Duration, error) {
	longest := min(minBackoff<<min(attempt, 10), maxBackoff)
	return longest/2 + rand.N(longest/2), nil
}

// retryer is the SDK's standard way to make a call again, but without an end: that is the context's.
type retryer struct {
	aws.RetryerV2
	last atomic.Value // the error before the last attempt, as a said
}

type said struct{ error }

func newRetryer() *retryer {
	return &retryer{RetryerV2: retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter, o.Backoff = ratelimit.None, retry.BackoffDelayerFunc(backoff)
	})}
}

// MaxAttempts is 0: no limit.
func (*retryer) MaxAttempts() int { return 0 }

// IsErrorRetryable keeps the error: what ends the wait for the next attempt hides it.
func (r *retryer) IsErrorRetryable(err error) bool {
	again := r.RetryerV2.IsErrorRetryable(err)
	if again {
		r.last.Store(said{err})
	}
	return again
}

// cause is what was wrong with the last attempt before the deadline.
func (r *retryer) cause() string {
	if e, ok := r.last.Load().(said); ok {
		if api, ok := errors.AsType[smithy.APIError](e.error); ok {
			return plain(api.ErrorCode() + ": " + api.ErrorMessage())
		}
		return plain(root(e.error).Error())
	}
	return "there was no answer"
}
