#!/bin/sh
# Sends a file to Jixiao with curl, and tries again when the line breaks: the key makes a retry no second upload.
# 用法 usage: JIXIAO_SERVER=… JIXIAO_TOKEN=… upload.sh KIND FILE [parameter=value …]
set -u
server=${JIXIAO_SERVER:-http://127.0.0.1:8080}
token=${JIXIAO_TOKEN:?请设置 JIXIAO_TOKEN}
kind=${1:?KIND: budget_lines, progress, targets …}
file=${2:?FILE}
shift 2

# Every byte as %XX: names and values may be Chinese.
encoded() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' %; }

query="kind=$kind&file_name=$(encoded "$(basename "$file")")"
for option in "$@"; do query="$query&${option%%=*}=$(encoded "${option#*=}")"; done

case $(printf %s "${file##*.}" | tr '[:upper:]' '[:lower:]') in
  xlsx) format=xlsx media=application/vnd.openxmlformats-officedocument.spreadsheetml.sheet ;;
  ndjson) format=ndjson media=application/x-ndjson ;;
  json) format=json media=application/json ;;
  *) format=csv media=text/csv ;;
esac
key=$(cksum <"$file" | tr ' ' -)-$(date +%s)-$$
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

wait=1
for try in 1 2 3 4 5 6 7 8; do
  # A line that carries less than 100 bytes a second for five minutes is given up: the answer itself may take a while.
  status=$(curl -sS -o "$answer" -w '%{http_code}' -X POST \
    --connect-timeout 15 --speed-limit 100 --speed-time 300 \
    -H "Authorization: Bearer $token" -H "Content-Type: $media" -H "Idempotency-Key: $key" \
    --data-binary "@$file" "$server/v1/uploads/$format?$query")
  case $status in
    000 | 408 | 409 | 429 | 5*) # no answer, or one that another try may change
      echo "第 $try 次未成功（$status），$wait 秒后重试" >&2
      sleep "$wait"
      wait=$((wait * 2)) ;;
    *) break ;;
  esac
done

cat "$answer"
echo
case $status in
  20?) if grep -q '"outcome":"accepted"' "$answer"; then exit 0; else exit 1; fi ;;
  *) exit 2 ;;
esac
