/** Counts of this process, as Prometheus reads them. */
export interface Metrics {
  record(operation: string, status: number, durationMs: number): void;
  toText(): string;
}

export function createMetrics(): Metrics {
  const requests = new Map<string, { operation: string; status: number; count: number; ms: number }>();
  return {
    record(operation, status, durationMs) {
      const key = `${operation} ${status}`;
      const row = requests.get(key) ?? { operation, status, count: 0, ms: 0 };
      row.count++;
      row.ms += durationMs;
      requests.set(key, row);
    },
    toText() {
      const rows = [...requests.values()];
      const label = (row: { operation: string; status: number }) =>
        `{operation="${row.operation}",status="${row.status}"}`;
      const cpu = process.cpuUsage();
      return [
        "# HELP regent_http_requests_total Requests answered.",
        "# TYPE regent_http_requests_total counter",
        ...rows.map((row) => `regent_http_requests_total${label(row)} ${row.count}`),
        "# HELP regent_http_request_seconds_total Time spent on them.",
        "# TYPE regent_http_request_seconds_total counter",
        ...rows.map((row) => `regent_http_request_seconds_total${label(row)} ${(row.ms / 1_000).toFixed(6)}`),
        "# HELP process_resident_memory_bytes Resident memory.",
        "# TYPE process_resident_memory_bytes gauge",
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        "# HELP process_cpu_seconds_total User and system time.",
        "# TYPE process_cpu_seconds_total counter",
        `process_cpu_seconds_total ${((cpu.user + cpu.system) / 1e6).toFixed(6)}`,
        "",
      ].join("\n");
    },
  };
}
