/*
 * How long to wait before a receiver is bothered again.
 */
#ifndef ALERT_RETRY_PAUSE_H
#define ALERT_RETRY_PAUSE_H

#include <stdint.h>

enum {
	RETRY_BASE_MS = 1000,
	RETRY_CAP_MS = 300 * 1000,
	RETRY_AFTER_CAP_MS = 3600 * 1000, /* nobody may send us away for longer */
};

/*
 * Before a message is tried again that has been tried `attempts` times (>= 1): anywhere from 0 to a
 * limit that doubles each time (full jitter), so that many who failed together do not come back
 * together.  What the receiver asked for (retry_after_ms > 0) wins, up to its cap.  `random`: any
 * 32 bits.
 */
int64_t retry_pause_ms(int64_t attempts, int64_t retry_after_ms, uint32_t random);

/*
 * How long a channel is left alone that has throttled us `times` in a row (>= 1): as it asked, else
 * 30 s, 60 s, 120 s, then 300 s, and up to a tenth more.
 */
int64_t throttle_pause_ms(int64_t times, int64_t retry_after_ms, uint32_t random);

#endif
