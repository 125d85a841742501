/*
 * What a fuzz target claims of what it was given; a claim that does not hold ends the process,
 * which is a finding.
 */
#ifndef TESTS_FUZZ_CLAIM_H
#define TESTS_FUZZ_CLAIM_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

static inline void claim(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* It is UTF-8, and no terminal obeys it. */
static inline bool is_printable(struct str text)
{
	while (text.len > 0) {
		uint32_t c = 0;
		const size_t len = utf8_decode(text, &c);

		if (len == 0 || utf8_is_unsafe(c)) {
			return false;
		}
		text = str_sub(text, len, text.len);
	}
	return true;
}

/* The input was refused with an error that can be shown. */
static inline void claim_refused(const struct err *err)
{
	claim(err->code == ERR_INPUT && err->msg[0] != '\0');
	claim(is_printable(str_of(err->msg)));
}

#endif
