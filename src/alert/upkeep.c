/*
 * When the store is pruned.
 */
#include "alert/upkeep.h"

#include "store/store_holds.h"
#include "store/store_upkeep.h"

enum {
	EVERY_MS = 3600 * 1000,
	ROWS_MAX = 1000, /* in one transaction: others wait for it */
};

static const char mark_name[] = "pruned";

int upkeep_run(
	struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms, struct err *err)
{
	int64_t last_ms;
	bool is_done = false;

	if (store_mark_get_ms(tx, mark_name, &last_ms, err) < 0) {
		return -1;
	}
	if (last_ms <= now_ms && now_ms - last_ms < EVERY_MS) {
		return 0;
	}
	if (store_prune(tx, now_ms - settings->keep_ms, ROWS_MAX, &is_done, err) < 0) {
		return -1;
	}
	return is_done ? store_mark_set_ms(tx, mark_name, now_ms, err) : 0;
}
