// The words of the API, written from internal/console/api.go by its test:
// go test ./internal/console -run TypeScript -rewrite

export interface Status {
  at: number;
  server: Server;
  agents: Flow[];
  delivery_streams: DeliveryStream[];
  applications: Application[];
  search: SearchDomain[];
}

export interface Server {
  version: string;
  region: string;
  started_at: number;
  edge: string;
  search_url: string;
  dir: string;
  journal_bytes: number;
  journal_quota: number;
}

export interface Flow {
  name: string;
  file_pattern: string;
  delivery_stream: string;
  lines_read: number;
  records_sent: number;
  records_failed: number;
  records_dropped: number;
  lines_unmatched: number;
  bytes_behind: number;
  files: string[];
  generator_rate: number;
  last_sent_at: number;
  last_error?: Failure;
  millis_behind: number;
}

export interface Failure {
  message: string;
  at: number;
  current: boolean;
}

export interface DeliveryStream {
  name: string;
  arn: string;
  status: string;
  destination: Destination;
  records_in: number;
  bytes_in: number;
  records_out: number;
  bytes_out: number;
  records_refused: number;
  puts_refused: number;
  records_dropped: number;
  objects_under_way: number;
  breaker: string;
  backup_error?: Failure;
  buffer: Buffer;
  freshness_ms: number;
  last_objects: ObjectRecord[];
  last_error?: Failure;
}

export interface Destination {
  kind: string;
  bucket: string;
  prefix: string;
  domain: string;
  index: string;
  endpoint: string;
  function: string;
  backup_bucket: string;
}

export interface Buffer {
  records: number;
  bytes: number;
  size_bytes: number;
  interval_ms: number;
  age_ms: number;
  next_flush_at: number;
  delivering: boolean;
}

export interface ObjectRecord {
  key: string;
  at: number;
  records: number;
  bytes: number;
  refused: number;
}

export interface Application {
  name: string;
  arn: string;
  status: string;
  version: number;
  inputs: ApplicationInput[];
  outputs: ApplicationOutput[];
  streams: AppStream[];
  millis_behind_latest: number;
  last_error?: Failure;
}

export interface ApplicationInput {
  delivery_stream: string;
  streams: string[];
}

export interface ApplicationOutput {
  stream: string;
  delivery_stream: string;
}

export interface AppStream {
  name: string;
  columns: Column[];
  rows: number;
  last_row_at: number;
}

export interface Column {
  name: string;
  type: string;
}

export interface SearchDomain {
  name: string;
  endpoint: string;
  indices: Index[];
  last_error?: Failure;
}

export interface Index {
  name: string;
  docs: number;
  bytes: number;
}

export interface ApplicationDetail extends Application {
  code: string;
}

export interface RowBatch {
  columns: Column[];
  rows: Row[];
  skipped: number;
}

export interface Row {
  rowtime: number;
  record: Record<string, unknown>;
}
