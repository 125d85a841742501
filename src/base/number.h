/*
 * Numbers as text for other programs: always with a decimal point, whatever the locale.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

struct strbuf;

/*
 * The shortest text that reads back as the same number: "41", "0.1", "1e+20", "-0".  Not finite:
 * "inf", "-inf", "nan".
 */
void number_add_double(struct strbuf *, double);

#endif
