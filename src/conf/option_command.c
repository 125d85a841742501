/*
 * See option_command.h.
 */
#include "conf/option_command.h"

#include <stdlib.h>

#include "base/words.h"

struct env {
	struct arena *arena;
	struct pairs pairs;
};

static int names_check(const char *name, struct err *err)
{
	if (!*name || strchr(name, '=')) {
		return err_set(err, ERR_INPUT, "'%s' is no name of an environment variable", name);
	}
	return 0;
}

static int env_check(const struct option_command *options, struct err *err)
{
	for (size_t i = 0; i < options->env.count; i++) {
		if (names_check(options->env.keys[i], err) < 0) {
			return err_wrap(err, "env");
		}
	}
	for (size_t i = 0; i < options->inherit_env.count; i++) {
		if (names_check(OPTION_AT(&options->inherit_env, const char *, i), err) < 0) {
			return err_wrap(err, "inherit_env");
		}
	}
	return 0;
}

int option_command_finish(struct option_command *options, struct arena *arena, struct err *err)
{
	const struct option_list *command = &options->command;
	const char **argv;

	if (env_check(options, err) < 0) {
		return -1;
	}
	if (command->count == 1) {
		return words_split(
			str_of(OPTION_AT(command, const char *, 0)), arena, &options->argv, err);
	}
	argv = arena_calloc(arena, command->count + 1, sizeof(*argv));
	for (size_t i = 0; i < command->count; i++) {
		argv[i] = OPTION_AT(command, const char *, i);
	}
	if (!argv[0] || !*argv[0]) {
		return err_set(err, ERR_INPUT, "the command is empty");
	}
	options->argv = argv;
	return 0;
}

static void env_set(struct env *env, const char *name, const char *value)
{
	pairs_set(&env->pairs, env->arena, str_of(name), str_of(value));
}

const char *const *option_command_env(const struct option_command *options, const char *path,
	const struct pairs *own, struct arena *arena)
{
	struct env env = {.arena = arena};
	const char *home = getenv("HOME");
	const char **texts;

	env_set(&env, "PATH", path);
	env_set(&env, "LANG", "C.UTF-8");
	env_set(&env, "HOME", home ? home : "/");
	for (size_t i = 0; own && i < own->items_count; i++) {
		env_set(&env, own->items[i].name, own->items[i].value);
	}
	for (size_t i = 0; i < options->inherit_env.count; i++) {
		const char *name = OPTION_AT(&options->inherit_env, const char *, i);
		const char *value = getenv(name);

		if (value) {
			env_set(&env, name, value);
		}
	}
	for (size_t i = 0; i < options->env.count; i++) {
		env_set(&env, options->env.keys[i], OPTION_AT(&options->env, const char *, i));
	}
	texts = arena_calloc(arena, env.pairs.items_count + 1, sizeof(*texts));
	for (size_t i = 0; i < env.pairs.items_count; i++) {
		texts[i] = arena_printf(
			arena, "%s=%s", env.pairs.items[i].name, env.pairs.items[i].value);
	}
	return texts;
}
