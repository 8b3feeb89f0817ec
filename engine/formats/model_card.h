/* model_card.h - what the README.md beside a published checkpoint says in its head: between two lines
 * of three dashes stand lines "key: value" (Hugging Face's and ModelScope's model cards). */
#ifndef XUXIE_ENGINE_FORMATS_MODEL_CARD_H
#define XUXIE_ENGINE_FORMATS_MODEL_CARD_H

/* "apache-2.0", malloc'ed; NULL when there is no card or it names no licence in one word. */
char *model_card_license(const char *folder);

#endif
