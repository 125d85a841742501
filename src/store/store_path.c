/*
 * The default place of the store.  See store_path.h.
 */
#include "store/store_path.h"

#include <stdlib.h>

static const char root_path[] = "/var/lib/sre-toolkit/state.db";
static const char user_name[] = "sre-toolkit/state.db";

int store_default_path(uid_t user, struct arena *arena, const char **ret_path, struct err *err)
{
	const char *state_home = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (user == 0) {
		*ret_path = root_path;
	} else if (state_home && state_home[0] == '/') {
		*ret_path = arena_printf(arena, "%s/%s", state_home, user_name);
	} else if (home && home[0] == '/') {
		*ret_path = arena_printf(arena, "%s/.local/state/%s", home, user_name);
	} else {
		return err_set(err, ERR_INPUT,
			"cannot tell where the store is: HOME is not set; name it in the "
			"configuration ('store: PATH')");
	}
	return 0;
}
