/** What one server alone never sees, as commands on a subject wait for each other there: another node that is faster. */
import { Metrics } from './metrics.js';

test('appends that came too late are told from those that were written, and decisions made anew are counted', async () => {
  const metrics = await Metrics.create();
  const events = [{ id: '', type: '', data: '', metadata: '' }];
  metrics.appending({ stream: '', events, bytes: 7 })({ outcome: 'conflict' });
  metrics.retried();
  metrics.appending({ stream: '', events, bytes: 7 })({ outcome: 'written' });
  const told = (await metrics.text()).split('\n');
  expect(told).toEqual(
    expect.arrayContaining([
      'habeas_command_retries_total 1',
      'habeas_log_append_duration_seconds_count{outcome="conflict"} 1',
      'habeas_log_append_duration_seconds_count{outcome="written"} 1',
      'habeas_log_events_appended_total 1',
      'habeas_log_bytes_appended_total 7',
      'habeas_log_appends_pending 0',
    ]),
  );
});
