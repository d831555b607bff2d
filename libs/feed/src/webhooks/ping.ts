/** What a test delivery sends: a CloudEvent as changes are, without data. */
export const PING_EVENT_TYPE = 'org.habeas.webhook-ping.v1';

export interface PingEvent {
  readonly specversion: '1.0';
  readonly type: typeof PING_EVENT_TYPE;
  /** `urn:habeas:log:<id>` */
  readonly source: string;
  readonly id: string;
  /** `webhook/<id>` */
  readonly subject: string;
  /** When it was sent. */
  readonly time: string;
}

export function pingEvent(id: string, webhook: string, logId: string, at: Date): PingEvent {
  return {
    specversion: '1.0',
    type: PING_EVENT_TYPE,
    source: `urn:habeas:log:${logId}`,
    id,
    subject: `webhook/${webhook}`,
    time: at.toISOString(),
  };
}
