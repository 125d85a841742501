/*
 * Sections of a machine's facts.  The input is lines; one that begins with "#" names the section
 * that follows.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "check/host_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_sections(struct host_facts *facts, struct str text)
{
	struct str name = str_of("stat");
	const char *start = text.ptr;
	struct str line;

	while (str_line(&text, &line)) {
		if (str_starts(line, "#")) {
			host_facts_add_section(
				facts, name, str_n(start, (size_t)(line.ptr - start)));
			name = str_sub(line, 1, line.len);
			start = text.ptr;
		}
	}
	host_facts_add_section(facts, name, str_n(start, (size_t)(text.ptr - start)));
}

static void is_percent(double number)
{
	assert(isnan(number) || (number >= 0 && number <= 100.001));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct option_list none;
	struct arena *arena = arena_new();
	struct host_filesystems filesystems;
	struct host_facts facts;

	host_facts_init(&facts, arena);
	if (size > 0) {
		add_sections(&facts, str_n((const char *)data, size));
	}
	is_percent(host_cpu_busy_percent(&facts));
	is_percent(host_cpu_iowait_percent(&facts));
	is_percent(host_cpu_steal_percent(&facts));
	is_percent(host_memory_used_percent(&facts.memory));
	is_percent(host_swap_used_percent(&facts.memory));
	host_mounts_choose(&facts.mounts, &none, &none, arena, &filesystems);
	for (size_t i = 0; i < filesystems.items_count; i++) {
		is_percent(host_space_used_percent(filesystems.items[i].space));
		is_percent(host_space_inodes_used_percent(filesystems.items[i].space));
		assert(!(host_space_available_bytes(filesystems.items[i].space) < 0));
	}
	arena_free(arena);
	return 0;
}
