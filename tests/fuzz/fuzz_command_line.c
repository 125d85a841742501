/*
 * Arguments, separated by NULs, as flags and as settings: accepted, or refused with an error that
 * can be printed; what is no flag is kept, in order.
 */
#include <stddef.h>
#include <stdint.h>

#include "../unit/support/conf_sample.h"
#include "claim.h"
#include "conf/command_line.h"
#include "conf/option_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 64 };

static void try_flags(int argc, const char *const *argv, bool stop_at_arg, struct arena *arena)
{
	struct sample sample;
	struct sample_ssh ssh;
	const struct option_set sets[] = {{.rows = sample_rows, .base = &sample},
		{.rows = sample_ssh_rows, .base = &ssh}, {0}};
	struct command_line line = {0};
	struct err err = {0};
	int next = 1;

	if (command_line_parse(argc, argv, sets, stop_at_arg, arena, &line, &err) < 0) {
		claim_refused(&err);
		return;
	}
	claim(line.given_count <= ARGS_MAX);
	for (size_t i = 0; i < line.args_count; i++, next++) {
		while (next < argc && line.args[i] != argv[next]) {
			next++;
		}
		claim(next < argc);
	}
}

static void try_settings(int argc, const char **argv, struct arena *arena)
{
	const struct option_context context = {.arena = arena};
	struct sample sample;
	const struct option_set sets[] = {{.rows = sample_rows, .base = &sample}, {0}};
	struct option_settings settings;

	option_set_defaults(sample_rows, &context, &sample);
	option_settings_init(&settings, sets, &context);
	for (int i = 1; i < argc; i++) {
		struct err err = {0};

		if (option_settings_apply(&settings, str_of(argv[i]), &err) < 0) {
			claim_refused(&err);
		} else {
			claim(option_settings_know(&settings, str_of(argv[i])));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str rest = str_n(size > 0 ? (const char *)data : "", size);
	const char *argv[ARGS_MAX] = {"check"};
	struct str arg;
	int argc = 1;

	while (argc < ARGS_MAX && str_split(&rest, '\0', &arg)) {
		argv[argc++] = str_dup(arg, arena);
	}
	try_flags(argc, argv, false, arena);
	try_flags(argc, argv, true, arena);
	try_settings(argc, argv, arena);
	arena_free(arena);
	return 0;
}
