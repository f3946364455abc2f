-- What wrk says at its end, for a program to read: requests a second, the median and 95 of 100 in ms, and failures.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("measured %f %f %f %d\n",
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
