/*
 * Output of a plugin: message, detail, performance data, and its texts as they would be printed.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "check/plugin_output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct strbuf out = STRBUF_INIT;
	struct plugin_output output;

	plugin_output_read(str_n((const char *)data, size), arena, &output);
	assert(strlen(output.message) <= PLUGIN_MESSAGE_MAX);
	assert(!strchr(output.message, '\n') && !strchr(output.message, '\x1b'));
	assert(!output.detail || !strchr(output.detail, '\x1b'));
	for (size_t i = 0; i < output.perfdata.items_count; i++) {
		const struct perfdata_item *item = &output.perfdata.items[i];

		assert(!isinf(item->value));
		assert(!strchr(item->label, '\n'));
		threshold_add_nagios(&item->warning, &out);
		threshold_add_text(&item->critical, UNIT_NONE, &out);
	}
	strbuf_release(&out);
	arena_free(arena);
	return 0;
}
