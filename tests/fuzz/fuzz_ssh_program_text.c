/*
 * What ssh says on its standard error: judged the same in whatever pieces it comes, in little
 * memory, and its phase never goes back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_program_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct str a, struct str b)
{
	if (!str_eq(a, b) || a.len > 4096) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str said = str_n((const char *)data, size);
	struct ssh_program_text *whole = ssh_program_text_new("mark:");
	struct ssh_program_text *pieces = ssh_program_text_new("mark:");
	struct ssh_program_finding first, second;
	enum ssh_phase phase = SSH_PHASE_LOOKUP;
	struct str mark_a = str_of(""), mark_b = str_of("");

	ssh_program_text_add(whole, said);
	for (size_t pos = 0; pos < size; pos += 1 + data[pos] % 7) {
		ssh_program_text_add(pieces, str_sub(said, pos, 1 + data[pos] % 7));
		if (ssh_program_text_phase(pieces) < phase) {
			abort();
		}
		phase = ssh_program_text_phase(pieces);
	}
	ssh_program_text_judge(whole, &first);
	ssh_program_text_judge(pieces, &second);
	if (first.cause != second.cause || first.phase != second.phase ||
		first.line_number != second.line_number) {
		abort();
	}
	check_same(first.line, second.line);
	check_same(first.host, second.host);
	check_same(first.key, second.key);
	check_same(first.path, second.path);
	if (ssh_program_text_take_mark(whole, &mark_a) !=
		ssh_program_text_take_mark(pieces, &mark_b)) {
		abort();
	}
	check_same(mark_a, mark_b);
	for (uint32_t channel = 0; channel < 65; channel++) {
		if (ssh_program_text_take_refusal(whole, channel) !=
			ssh_program_text_take_refusal(pieces, channel)) {
			abort();
		}
	}
	ssh_program_text_free(&whole);
	ssh_program_text_free(&pieces);
	return 0;
}
