# smtpspec in an image of its own: `docker build -t smtpspec .`, then
# `docker run --rm --network host smtpspec run --server 127.0.0.1:2525 --to me@example.test`.
FROM rust:1.95-alpine AS build
# The cryptography of TLS is in C. Which patch of the compiler comes does not matter.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package smtpspec

# For jobs that begin with a shell, such as GitLab's: `docker build --target ci .`.
FROM alpine:3.22 AS ci
COPY --from=build /src/target/release/smtpspec /usr/local/bin/smtpspec
USER 65534:65534
CMD ["smtpspec", "--help"]

FROM scratch
COPY --from=build /src/target/release/smtpspec /smtpspec
USER 65534:65534
ENTRYPOINT ["/smtpspec"]
CMD ["--help"]
