/* limits.h - every bound xuxie puts on what it reads, in one place (xuxie(1), LIMITS).
 * A limit is checked before anything is allocated or read by it. */
#ifndef XUXIE_BASE_LIMITS_H
#define XUXIE_BASE_LIMITS_H

#define LIMIT_GGUF_STRING_BYTES       (16u << 20)
#define LIMIT_GGUF_KEY_BYTES          65535u
#define LIMIT_GGUF_NAME_BYTES         4096u /* of a tensor */
#define LIMIT_GGUF_KV                 65536u
#define LIMIT_GGUF_TENSORS            65536u
#define LIMIT_GGUF_DIMS               4u
#define LIMIT_GGUF_ALIGNMENT          (1u << 20)
#define LIMIT_TOKEN_BYTES             (64u << 10)
#define LIMIT_CHAT_TEMPLATE_BYTES     (1u << 20) /* a longer one is not looked at */
#define LIMIT_SPECIAL_TOKEN_BYTES     256u        /* longer ones are not looked for in a text */
#define LIMIT_VOCAB_FILE_BYTES        (64u << 20) /* vocab.json, merges.txt */
#define LIMIT_JIEBA_BYTES         (64u << 20) /* jieba.bin */
#define LIMIT_LAYERS                  1024u
#define LIMIT_CHECKPOINT_FILES        1024u /* an index may name */
#define LIMIT_CHECKPOINT_CONFIG_BYTES (4u << 20)
#define LIMIT_CHECKPOINT_INDEX_BYTES  (64u << 20)
#define LIMIT_VOCAB                   (1u << 22)
#define LIMIT_CONTEXT_DEFAULT         4096u /* n_ctx when nobody asks for more */
#define LIMIT_JSON_DEPTH              64u
#define LIMIT_SAFETENSORS_HEADER      100000000u /* bytes */
#define LIMIT_SAFETENSORS_VALUES      (1u << 21) /* brackets, commas and colons of a header */
#define LIMIT_SOURCE_TENSORS          65536u     /* of a checkpoint file */
#define LIMIT_SOURCE_NAME_BYTES       4096u      /* of a tensor, dots and all */
#define LIMIT_SOURCE_REPEATED         (1u << 28) /* elements of a tensor larger than its storage */
#define LIMIT_SOURCE_CHECKSUMS        (256u << 20) /* larger files' are not checked on opening */
#define LIMIT_PICKLE_BYTES            (64u << 20)
#define LIMIT_PICKLE_MEMO             (1u << 20)
#define LIMIT_PICKLE_NODES            (1u << 21) /* values */
#define LIMIT_PICKLE_TENSORS          (1u << 18) /* with those of an optimizer */
#define LIMIT_STATE_DICT_DEPTH        64u
#define LIMIT_STATE_DICT_ENTRIES      (1u << 20) /* looked at, counted once for every way to them */
#define LIMIT_ZIP_MEMBERS             (1u << 17)
#define LIMIT_ZIP_NAME_BYTES          4096u
#define LIMIT_ZIP_UNPACKED_BYTES      (64u << 20) /* of all deflated members together */
#define LIMIT_INPUT_LINE_BYTES        (16u << 20) /* a line of a JSONL file */
#define LIMIT_CONFIG_LINE_BYTES       (64u << 10)
#define LIMIT_CONFIG_MESSAGES         20u
#define LIMIT_PASTE_PROMPT_BYTES      (4u << 20)
#define LIMIT_PASTE_PASSAGE_BYTES     (64u << 20)
#define LIMIT_STORY_FILE_BYTES        (64u << 20) /* a FILE copied in as a story; `continue`'s input */
#define LIMIT_TEMPLATE_BYTES          (64u << 20) /* a template's text form, a file of examples */
#define LIMIT_TEMPLATE_PART_BYTES     (1u << 20) /* its instruction, a format, a text of an example */
#define LIMIT_TEMPLATE_EXAMPLES       131072u
#define LIMIT_TEMPLATE_FIELDS         256u /* of an example; columns of a CSV file */
#define LIMIT_TEMPLATE_LIST           256u /* settings, variables; tags of an example */
#define LIMIT_TEMPLATE_NAME_BYTES     200u /* of a template, a variable, a tag */
#define LIMIT_PROMPT_BYTES            (64u << 20) /* assembled from a template */
#define LIMIT_SCREEN_COLUMNS          1024

#endif
