/*
 * Numbers as text for other programs: always with a decimal point, whatever the locale.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

struct strbuf;

/*
 * The shortest text that reads back as the same number: "41", "0.1", "1e+20", "-0".  Not finite:
 * "inf", "-inf", "nan".
 */
void number_add_double(struct strbuf *, double);

/*
 * For readers that know digits and a point only: never an exponent, at most 9 decimals, none that
 * says nothing: "500000000000", "0.0000123", "-0.5".  Not finite as above.
 */
void number_add_plain(struct strbuf *, double);

/* How many bytes, for people: "512 B", "1.5 MiB". */
void number_add_bytes(struct strbuf *, uint64_t bytes);

#endif
