/*
 * What a host tells of itself.  In the input a "%" that begins a line stands for the word that
 * begins sections.  Fed whole and byte by byte, it says the same.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "check/host_sections.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option_list none;

struct talk {
	struct arena *arena;
	struct host_facts facts;
	struct host_filesystems filesystems;
	struct host_sections sections;
	struct strbuf questions;
	bool is_asked;
};

static void talk_start(struct talk *talk)
{
	*talk = (struct talk){.arena = arena_new(), .questions = STRBUF_INIT};
	host_facts_init(&talk->facts, talk->arena);
	if (host_sections_init(&talk->sections, &talk->facts, NULL) < 0) {
		assert(!"no random bytes");
	}
}

static void talk_feed(struct talk *talk, struct str bytes)
{
	host_sections_feed(&talk->sections, bytes);
	if (talk->sections.is_ready && !talk->is_asked) {
		talk->is_asked = true;
		host_mounts_choose(
			&talk->facts.mounts, &none, &none, talk->arena, &talk->filesystems);
		host_sections_add_questions(
			&talk->sections, &talk->filesystems, 1500, &talk->questions);
	}
}

/* In lines, so that questions are asked at the same place, or in bytes. */
static void talk_hear(struct talk *talk, struct str text, bool in_bytes)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '%' && (i == 0 || text.ptr[i - 1] == '\n')) {
			strbuf_adds(&line, talk->sections.word);
		} else {
			strbuf_addc(&line, text.ptr[i]);
		}
		if (text.ptr[i] == '\n' || i + 1 == text.len) {
			for (size_t k = 0; in_bytes && k < line.len; k++) {
				talk_feed(talk, str_sub(strbuf_str(&line), k, 1));
			}
			if (!in_bytes) {
				talk_feed(talk, strbuf_str(&line));
			}
			strbuf_clear(&line);
		}
	}
	strbuf_release(&line);
	host_mounts_choose(&talk->facts.mounts, &none, &none, talk->arena, &talk->filesystems);
}

static void talk_end(struct talk *talk)
{
	host_sections_release(&talk->sections);
	strbuf_release(&talk->questions);
	arena_free(talk->arena);
}

static void is_percent(double number)
{
	assert(isnan(number) || (number >= 0 && number <= 100.001));
}

static void is_sane(const struct talk *talk)
{
	is_percent(host_cpu_busy_percent(&talk->facts));
	is_percent(host_memory_used_percent(&talk->facts.memory));
	assert(talk->facts.processes >= -1);
	for (size_t i = 0; i < talk->filesystems.items_count; i++) {
		is_percent(host_space_used_percent(talk->filesystems.items[i].space));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(size > 0 ? (const char *)data : "", size);
	struct talk whole;
	struct talk bytes;

	talk_start(&whole);
	talk_start(&bytes);
	talk_hear(&whole, text, false);
	talk_hear(&bytes, text, true);
	is_sane(&whole);
	assert(whole.sections.is_complete == bytes.sections.is_complete);
	assert(whole.facts.processes == bytes.facts.processes);
	assert(whole.filesystems.items_count == bytes.filesystems.items_count);
	assert(whole.questions.len == bytes.questions.len);
	talk_end(&whole);
	talk_end(&bytes);
	return 0;
}
