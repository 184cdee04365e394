package ecs

import (
	"encoding/json"
	"net/http"
	"time"
)

const statePath = "/task-protection/v1/state"

// Limits of a lease in minutes, and what is granted to who names none.
const leastLease, longestLease, usualLease = 1, 2880, 120

// state is the endpoint for the protection of the task.
func (a *Agent) state(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		if !a.update(w, r) {
			return
		}
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	protection := map[string]any{"ProtectionEnabled": !a.until.IsZero(), "TaskArn": a.task.TaskARN, "ExpirationDate": nil}
	if !a.until.IsZero() {
		protection["ExpirationDate"] = a.until.UTC().Format(time.RFC3339)
	}
	write(w, http.StatusOK, map[string]any{"protection": protection})
}

// update takes a wish, as strictly as the agent does.
func (a *Agent) update(w http.ResponseWriter, r *http.Request) bool {
	var wish struct {
		ProtectionEnabled *bool
		ExpiresInMinutes  *int
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&wish); err != nil || r.Header.Get("Content-Type") != "application/json" || wish.ProtectionEnabled == nil {
		refuse(w, "UpdateTaskProtection: failed to decode request")
		return false
	}
	minutes := usualLease
	if wish.ExpiresInMinutes != nil {
		minutes = *wish.ExpiresInMinutes
	}
	if minutes < leastLease || minutes > longestLease {
		refuse(w, "expiresInMinutes has to be between 1 and 2880")
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = time.Time{}
	if *wish.ProtectionEnabled {
		a.until = time.Now().Add(time.Duration(minutes) * time.Minute)
	}
	return true
}

func refuse(w http.ResponseWriter, message string) {
	write(w, http.StatusBadRequest, map[string]any{"error": map[string]string{"Code": "InvalidParameterException", "Message": message}})
}
