/*
 * The store, or else one in memory.
 */
#include "cmd/alert_take_in.h"

#include <unistd.h>

#include "store/store_path.h"

int alert_open_memory(struct store **ret_store, struct err *err)
{
	const struct store_options options = {.path = ":memory:"};

	return store_open(&options, ret_store, err);
}

int alert_take_in(const char *path, struct arena *arena, store_fn *accept, void *arg,
	struct store **ret_store, struct err *ret_why, struct err *err)
{
	struct store_options options = {.path = path, .command = "alert"};
	struct store *store = NULL;

	*ret_why = (struct err){0};
	if ((path || store_default_path(geteuid(), arena, &options.path, ret_why) == 0) &&
		store_open(&options, &store, ret_why) == 0 &&
		store_write(store, accept, arg, ret_why) == 0) {
		*ret_store = store;
		return 0;
	}
	store_close(&store);
	if (alert_open_memory(&store, err) < 0) {
		return -1;
	}
	if (store_write(store, accept, arg, err) < 0) {
		store_close(&store);
		return -1;
	}
	*ret_store = store;
	return 0;
}
