/*
 * What `ssh -G` may say: never a host that an option could hide in, never a port of nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ssh_settings *settings)
{
	if (settings->port == 0 || settings->hostname[0] == '-' || settings->hostname[0] == '\0' ||
		strpbrk(settings->hostname, " \t\n;") || settings->hops_count > SSH_HOPS_MAX) {
		abort();
	}
	for (size_t i = 0; i < settings->hops_count; i++) {
		if (settings->hops[i].host[0] == '-' ||
			(settings->hops[i].user && settings->hops[i].user[0] == '-')) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ssh_settings_context context = {
		.alias = "web-01", .home = "/home/me", .username = "me", .has_ticket = true};
	struct arena *arena = arena_new();
	struct ssh_settings settings;
	struct err err = {0};

	if (ssh_settings_read(str_n((const char *)data, size), &context, arena, &settings, &err) ==
		0) {
		check(&settings);
	} else if (err.code != ERR_INPUT) {
		abort();
	}
	arena_free(arena);
	return 0;
}
