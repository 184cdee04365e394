package github

import (
	"net/http"
	"time"
)

// The secondary rate limits that GitHub documents:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const (
	mostConcurrent = 100
	mostPoints     = 900 // a minute; a GET is one, everything else five
	mostCreated    = 80  // requests that create something, a minute
)

// point is a request of the last minute.
type point struct {
	at      time.Time
	cost    int
	creates bool
}

// enter counts a request of the REST API, and says whether it is one too many. Who enters leaves.
func (s *Server) enter(c *call) (a answer, limited bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current++
	if !s.options.RateLimits || s.pats[c.secret()] == nil {
		return answer{}, false
	}
	now := s.options.Now()
	spent, created := 0, 0
	kept := s.points[:0]
	for _, p := range s.points {
		if now.Sub(p.at) < time.Minute {
			kept = append(kept, p)
			spent += p.cost
			if p.creates {
				created++
			}
		}
	}
	p := point{at: now, cost: 5, creates: c.r.Method == http.MethodPost}
	if c.r.Method == http.MethodGet {
		p.cost = 1
	}
	s.points = append(kept, p)
	if s.current > mostConcurrent || spent+p.cost > mostPoints || p.creates && created >= mostCreated {
		a = refuse(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
		return a.with("Retry-After", "60"), true
	}
	return answer{}, false
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current--
}

func (c *call) secret() string {
	_, secret := c.authorization()
	return secret
}
