# Everything a person or CI runs. The go command is the real interface; these targets only remember its arguments.

GO      ?= go
# Where the newer client has no buildx, another one may still have BuildKit: make image DOCKER=/usr/bin/docker
DOCKER  ?= docker
TOOL    := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
# The manifests are a module of their own, for tests alone: Kubernetes' types are no dependency of the program's.
KUBERNETES := cd deploy/kubernetes &&
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# What talks to servers runs a few times in a life: without inlining it is a third of a megabyte smaller.
GCFLAGS := $(foreach slow,github.com/aws github.com/google net encoding,-gcflags=$(slow)/...=-l)
# A handful of requests in a life gain nothing from HTTP/2, which would be half a megabyte of the program.
comma   := ,
TAGS    := nethttpomithttp2$(if $(NODEMO),$(comma)nodemo)
BIN     ?= bin/runner-init
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The race detector needs cgo and a C compiler.
RACE := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null && echo -race)

# The checks, and the programs that tests build, are compiled as the program is: a machine that begins with nothing, as CI's
# do, compiles each module once so and once with the race detector, not in four different ways.
export GOFLAGS     := $(strip $(shell $(GO) env GOFLAGS) -trimpath -tags=$(TAGS) $(GCFLAGS))
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help build demo test chaos soak bench image images check format vet modern lint vulnerabilities layers tidy generated

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## bin/runner-init, static
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/runner-init

demo: build ## one runner's whole life against a simulated GitHub; needs no account, and no network once Go has its modules
	bin/runner-init demo

# Not from the cache: it does not know of the programs and images that tests build. And make check has vetted them.
TESTING := -count=1 -vet=off
test: ## every test, with the race detector where there is a C compiler
	@$(if $(RACE),:,echo 'make test: no C compiler or no cgo: running without the race detector')
	$(if $(RACE),CGO_ENABLED=1) $(GO) test $(TESTING) $(if $(RACE),-race -gcflags=all=) ./...
	$(KUBERNETES) $(GO) test $(TESTING) ./...

# Without the race detector, which the smaller number of lives in make test has.
N    ?= 10000
P    ?= 100
FROM ?= 1
SEED ?= 0
chaos: ## N random lives in virtual time and P of real processes, from seed FROM on; or the one of a SEED, a hundred times
	$(GO) test -count=1 -timeout 30m -run '^TestChaos' ./cmd/runner-init -chaos.n=$(N) -chaos.p=$(P) -chaos.from=$(FROM) -chaos.seed=$(SEED)

soak: N = 1000
soak: ## N whole lives, and one runner with N jobs: nothing grows, nothing is left; as root
	$(GO) test -v -count=1 -timeout 60m -run '^TestSoak' ./cmd/runner-init -soak.n=$(N)

bench: ## the init beside tini and dumb-init, and what boot costs, into docs/performance.md; as root, four minutes
	$(GO) test -v -count=1 -run '^$$' -bench . ./bench -update

image: ## the container image: make image TARGET=docker RUNNER_VERSION=… RUNNER_SHA256=… (see the Dockerfile)
	DOCKER_BUILDKIT=1 $(DOCKER) build --build-arg VERSION='$(VERSION)' --build-arg COMMIT='$(COMMIT)' \
		--build-arg RUNNER_VERSION --build-arg RUNNER_SHA256 $(if $(TARGET),--target $(TARGET)) --tag runner-init:$(VERSION) .

# The labels of the Dockerfile are its annotations too: registries show those of an index, which has no labels.
PLATFORMS  ?= linux/amd64,linux/arm64
REPOSITORY ?= runner-init
images: ## both targets for amd64 and arm64, annotated and pushed, with buildx: make images REPOSITORY=registry.example.com/runner
	@set -e; export VERSION='$(VERSION)' COMMIT='$(COMMIT)'; \
	eval "set -- $$(sed -n 's/^LABEL //; s/^ *\(org\.opencontainers\.image\.[a-z]*=".*"\).*/--annotation index,manifest:\1/p' Dockerfile | tr '\n' ' ')"; \
	for target in minimal docker; do \
		$(DOCKER) buildx build --platform $(PLATFORMS) --target $$target "$$@" --build-arg VERSION --build-arg COMMIT \
			--build-arg RUNNER_VERSION --build-arg RUNNER_SHA256 --tag "$(REPOSITORY):$(VERSION)-$$target" --push .; \
	done

check: format vet modern lint layers tidy generated vulnerabilities ## everything a machine can judge without running the program

format: # gofmt has nothing to change
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt: run gofmt -w on:"; echo "$$unformatted"; exit 1; }

vet:
	$(GO) vet ./...
	$(KUBERNETES) $(GO) vet ./...

modern: # the Go release we build with knows no better way to say it
	$(GO) fix -diff ./...
	$(KUBERNETES) $(GO) fix -diff ./...

lint:
	$(TOOL) staticcheck ./...
	$(KUBERNETES) $(TOOL) staticcheck ./...

layers: # imports point down, and the environment, exits and default loggers stay in the command
	$(GO) test -run 'TestLayers|TestForbiddenCalls' .

tidy: # go.mod and go.sum say what is used, no more
	$(GO) mod tidy -diff
	$(KUBERNETES) $(GO) mod tidy -diff

# Compared by content, not by git, so that it judges work in progress too.
generated: # go generate has nothing to change
	@sums() { find docs -type f -exec cksum {} + 2>/dev/null | sort; }; \
	before=$$(sums); $(GO) generate ./... || exit 1; \
	[ "$$before" = "$$(sums)" ] || { echo "generated files were out of date: commit what go generate has just written"; exit 1; }

# govulncheck exits 3 when it has findings. Its database is on the network: without it nothing is judged, and that is said.
vulnerabilities: # no known vulnerability is reachable from our code
	@out=$$($(TOOL) govulncheck ./... 2>&1); code=$$?; \
	case "$$code:$$out" in \
	0:*) echo 'govulncheck: no known vulnerabilities' ;; \
	[!3]*:*'fetching vulnerabilities'*) echo 'govulncheck: SKIPPED, the vulnerability database cannot be reached from here' ;; \
	*) echo "$$out"; exit 1 ;; \
	esac
