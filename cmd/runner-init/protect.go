package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/platform/ecs"
	"github.com/runner-init/runner-init/internal/platform/kubernetes"
)

// newProtection is what keeps the platform from taking us away while a job runs, or nil.
func (s *supervisor) newProtection() *platform.Protection {
	guard := platformGuard(s.environ, s.place)
	if guard == nil || s.config.Protect == config.ProtectOff {
		return nil
	}
	return platform.NewProtection(guard, s.log, s.config.Protect == config.ProtectAlways)
}

// platformGuard is the platform that we are on, if it can be asked for protection.
func platformGuard(environ []string, place platform.Facts) platform.Guard {
	if agent := ecsAgent(environ); agent.URI != "" {
		return &ecs.Guard{Agent: agent, Task: place.ID}
	}
	if host, pod := valueOf(environ, clusterHost), ourPod(environ); host != "" && pod.Name != "" {
		cluster := kubernetes.Cluster{Host: host, Port: valueOf(environ, clusterPort), Account: kubernetes.ServiceAccount}
		return &kubernetes.Guard{Cluster: cluster, Pod: pod}
	}
	return nil
}

// The variables by which every container of a pod finds the API server.
const (
	clusterHost = "KUBERNETES_SERVICE_HOST"
	clusterPort = "KUBERNETES_SERVICE_PORT"
)

// ourPod is the pod of Kubernetes that we are in, as far as the manifest has it told to us.
func ourPod(environ []string) kubernetes.Pod {
	if valueOf(environ, clusterHost) == "" {
		return kubernetes.Pod{}
	}
	return kubernetes.Pod{
		Name:      valueOf(environ, kubernetes.NameVariable),
		Namespace: valueOf(environ, kubernetes.NamespaceVariable),
		UID:       valueOf(environ, kubernetes.UIDVariable),
	}
}

// ecsAgent is the ECS agent, as far as the variables of a container lead to it.
func ecsAgent(environ []string) *ecs.Agent {
	return &ecs.Agent{Metadata: valueOf(environ, "ECS_CONTAINER_METADATA_URI_V4"), URI: valueOf(environ, "ECS_AGENT_URI")}
}

// valueOf is the value of a variable; of several of one name the first one counts.
func valueOf(environ []string, name string) string {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// protect asks for protection, or gives it up, once.
func (l *listener) protect(on bool) {
	switch {
	case l.protected.Swap(on) == on:
	case on:
		l.protection.JobStarted()
	default:
		l.protection.JobEnded()
	}
}

// releaseTime is how long the end of a runner waits for the platform to have taken back its protection.
const releaseTime = 2 * time.Second

// unprotect gives up whatever protection is left, and waits for that, within the plan of a stop.
func (w *wiring) unprotect() {
	w.listener.protect(false)
	by := time.Now().Add(releaseTime)
	if exit := w.moments.Exit; !exit.IsZero() && exit.Before(by) {
		by = exit
	}
	ctx, cancel := context.WithDeadline(context.Background(), by)
	defer cancel()
	if err := w.listener.protection.Wait(ctx); err != nil {
		w.log.Warn("the platform does not take its protection back in time: it lasts until it expires, or what is protected is gone", slog.Any(keyError, err))
	}
}
