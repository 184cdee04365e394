# A GitHub Actions runner with runner-init as its PID 1, for amd64 and arm64, out of public images. Two targets:
#
#   docker build --tag my-runner .                    minimal: the runner, for jobs without containers or with the host's engine
#   docker build --tag my-runner --target docker .    the same with Docker's client, buildx and an engine of its own
#
# and the same file with your own base image, another runner release or a mirror:
#
#   docker build --build-arg BASE_IMAGE=ubuntu:24.04 --build-arg RUNNER_VERSION=… --build-arg RUNNER_SHA256=… .

# One with make, as all of golang's but those of Alpine.
ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=debian:bookworm-slim
# Where Docker's programs come from: they are static there, so they run on any base. A digest (docker@sha256:…) pins them to the bit.
ARG DOCKER_IMAGE=docker:29.8.2-dind
# Where the binary comes from: "build" compiles it here, "prebuilt" takes bin/runner-init as make build left it.
ARG RUNNER_INIT_FROM=build
# GitHub gives no jobs to a release whose successor is older than 30 days, and what is in an image does not update itself:
# a new release is a new image. runner-init doctor tells how long an image has.
ARG RUNNER_VERSION=2.338.0
ARG RUNNER_BASE_URL=https://github.com/actions/runner/releases/download
# The checksums that the release page shows, of x64 and of arm64. With a RUNNER_VERSION of your own give its checksum, or
# several separated by spaces when one build makes several platforms: the download has to match one of them.
ARG RUNNER_SHA256="af4b794c1bc41d73d40535e3fe092a39f9679cd8d965954c2aca25a05ca41d32 628b4a7258487b80c1d3c221095a7ded349f5ae0175fd3dfab708d07428f041b"
# What runner-init says of itself
ARG VERSION=unknown
ARG COMMIT=unknown

# --- runner-init, compiled on the builder's own platform for the image's
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
# Apart from the sources, so that a change of those does not fetch the modules again.
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION
ARG COMMIT
# The program of make build, but without the demo, which nobody needs in an image.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=${TARGETOS} GOARCH=${TARGETARCH} make build NODEMO=1 BIN=/runner-init "VERSION=${VERSION}" "COMMIT=${COMMIT}"

FROM scratch AS prebuilt
COPY bin/runner-init /runner-init

FROM ${RUNNER_INIT_FROM} AS binary

# --- the official runner. ADD fetches it, so that no image needs a download program; the stage to use is picked by name,
# because GitHub calls the architectures x64 and arm64. Files are files: the builder unpacks them on its own platform.
FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS download-amd64
ARG RUNNER_VERSION
ARG RUNNER_BASE_URL
ADD ${RUNNER_BASE_URL}/v${RUNNER_VERSION}/actions-runner-linux-x64-${RUNNER_VERSION}.tar.gz /runner.tar.gz

FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS download-arm64
ARG RUNNER_VERSION
ARG RUNNER_BASE_URL
ADD ${RUNNER_BASE_URL}/v${RUNNER_VERSION}/actions-runner-linux-arm64-${RUNNER_VERSION}.tar.gz /runner.tar.gz

FROM download-${TARGETARCH} AS runner
ARG RUNNER_VERSION
ARG RUNNER_SHA256
# Nothing is unpacked before it is known to be what its release page says. The group gets what the owner has: OpenShift and
# its like run the image as a user that nobody knows, in group 0.
RUN sum=$(sha256sum /runner.tar.gz | cut -d ' ' -f 1); \
    case " ${RUNNER_SHA256} " in \
    *" ${sum} "*) mkdir /runner && tar -xzf /runner.tar.gz -C /runner && chmod -R g=u /runner ;; \
    *) echo "cannot use runner ${RUNNER_VERSION}: its SHA-256 is ${sum}, not in RUNNER_SHA256 \"${RUNNER_SHA256}\": compare https://github.com/actions/runner/releases/tag/v${RUNNER_VERSION}" >&2; exit 1 ;; \
    esac

FROM ${DOCKER_IMAGE} AS engine

# --- the image
FROM ${BASE_IMAGE} AS minimal
# What nearly every job expects. Empty: the base image has all it needs, the libraries of the runner's .NET included, and
# nothing is installed.
ARG APT_PACKAGES="ca-certificates curl git jq tar unzip xz-utils"
# What is installed, before anything that changes more often. Then no program is left that makes somebody else of who runs
# it: a job needs none, and what it cannot run it cannot abuse. An image made from this one that wants sudo installs it again.
RUN --mount=type=bind,from=runner,source=/runner,target=/mnt/runner \
    if [ -n "${APT_PACKAGES}" ]; then \
        export DEBIAN_FRONTEND=noninteractive && \
        apt-get update && \
        apt-get install -y --no-install-recommends ${APT_PACKAGES} && \
        /mnt/runner/bin/installdependencies.sh && \
        rm -rf /var/lib/apt/lists/*; \
    fi && \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} +

# The user. Written as lines because useradd, adduser and addgroup differ from one base image to the next. 1001 is what the
# official image uses. Without a line in shadow, where there is one, sudo would call the account locked.
RUN grep -q '^[^:]*:[^:]*:1001:' /etc/passwd || { \
        echo 'runner:x:1001:1001:GitHub Actions runner:/home/runner:/bin/sh' >>/etc/passwd && \
        echo 'runner:x:1001:' >>/etc/group && \
        { [ ! -e /etc/shadow ] || echo 'runner:*:::::::' >>/etc/shadow; }; \
    } && \
    mkdir -p /home/runner && chown 1001:0 /home/runner && chmod 0775 /home/runner
COPY --from=runner --chown=1001:0 /runner /home/runner
COPY --from=binary /runner-init /usr/local/bin/runner-init
# The one binary is these programs too, under their names, also where the base image has others of that name.
RUN for name in dumb-init tini docker-credential-ecr-login; do ln -sf runner-init /usr/local/bin/$name || exit; done

ARG RUNNER_VERSION
ARG VERSION
ARG COMMIT
# make images writes the first ones as annotations too, for registries that look there.
LABEL org.opencontainers.image.title="runner-init" \
      org.opencontainers.image.description="A GitHub Actions self-hosted runner, with its whole life in the hands of PID 1" \
      org.opencontainers.image.source="https://github.com/runner-init/runner-init" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      io.github.runner-init.runner-version="${RUNNER_VERSION}"

ENV LANG=C.UTF-8
WORKDIR /home/runner
# Not root: nothing here needs it, and a job could not be kept from what root may do. Started with --user 0 instead,
# runner-init keeps root for itself and gives the runner and its jobs to the owner of /home/runner, this same user.
USER 1001:1001
STOPSIGNAL SIGTERM
# Not more often: the answer is only looked at by people and by Swarm, and each question is a process beside a job.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/runner-init", "healthcheck"]
# No shell in between and no default command: arguments after the image's name go to runner-init itself.
ENTRYPOINT ["/usr/local/bin/runner-init"]

# --- the image with Docker: the client and buildx for the socket of the host's engine, dockerd for one of its own
FROM minimal AS docker
USER 0:0
# What dockerd calls.
ARG DOCKER_APT_PACKAGES="iptables pigz"
# The group is the one that dockerd gives its socket to. Nobody is in it: runner-init lets the user of the jobs join the
# group of whichever socket there is.
RUN if [ -n "${DOCKER_APT_PACKAGES}" ]; then \
        export DEBIAN_FRONTEND=noninteractive && \
        apt-get update && \
        apt-get install -y --no-install-recommends ${DOCKER_APT_PACKAGES} && \
        rm -rf /var/lib/apt/lists/*; \
    fi && \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} + && \
    { grep -q '^docker:' /etc/group || echo 'docker:x:2375:' >>/etc/group; }
COPY --from=engine /usr/local/bin/docker /usr/local/bin/dockerd /usr/local/bin/docker-init /usr/local/bin/docker-proxy \
    /usr/local/bin/containerd /usr/local/bin/containerd-shim-runc-v2 /usr/local/bin/ctr /usr/local/bin/runc /usr/local/bin/
COPY --from=engine /usr/local/libexec/docker/cli-plugins/docker-buildx /usr/local/libexec/docker/cli-plugins/docker-buildx
# An engine cannot put its layers on top of the layers of another one.
VOLUME /var/lib/docker
# It stays root: a socket's group is joined, and dockerd started, by root alone. The runner and its jobs are the owner of
# /home/runner as ever.

# --- what a build without --target makes
FROM minimal
