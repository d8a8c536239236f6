# syntax=docker/dockerfile:1
# Build: dependencies first, so that a change of the source does not compile them again.
FROM rust:1.95-bookworm AS build
WORKDIR /jixiao
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY migration/Cargo.toml migration/Cargo.toml
COPY benches benches
RUN mkdir -p src tests/it migration/src && touch src/lib.rs migration/src/lib.rs \
    && echo 'fn main() {}' > src/main.rs && echo 'fn main() {}' > tests/it/main.rs
RUN cargo build --release --locked --bin jixiao
COPY migration migration
COPY openapi openapi
COPY examples examples
COPY src src
# Touched, because COPY keeps times that may be older than the empty files compiled above.
RUN touch src/main.rs src/lib.rs migration/src/lib.rs && cargo build --release --locked --bin jixiao

# Run: a small system, a user without rights, data in a volume.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --create-home jixiao
COPY --from=build /jixiao/target/release/jixiao /usr/local/bin/jixiao
USER jixiao
ENV JIXIAO_BIND=0.0.0.0:8080 JIXIAO_DATA_DIR=/data JIXIAO_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["curl", "-fsS", "http://127.0.0.1:8080/livez"]
ENTRYPOINT ["jixiao"]
CMD ["serve"]
