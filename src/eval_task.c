/* eval_task.c - see eval_task.h.
 *
 * Facts about the released data that the paper does not tell, counted there: both numbers of a sum
 * are uniform in [0,10^d) and no pair of them occurs twice; the three numbers of 1DC are uniform in
 * 1..9, all operations too, and the brackets always stand around the first two; words have 6 to 15
 * letters (anagrams that keep one letter at each end: 5 to 15); a rotation or anagram never is the
 * word itself, but for words whose letters between the kept two at each end are all the same; each
 * gap gets exactly one of space . / ! alike.
 */
#include "config.h"

#include "src/eval_task.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/base/rng.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/textfile.h"

enum {
    STREAM = 0x6576616C, /* "eval": random numbers of our own */
    POOL = 1000,         /* examples there are to draw from, where there is no list */
    TRIES = 20000,       /* draws in a row that were known, before a task counts as exhausted */
    SHUFFLES = 100,      /* of an idiom, before it counts as one that shuffling does not change */
    WORD_MAX = 15,       /* letters */
    HAN_BYTES = 3,       /* of a Chinese character in UTF-8 */
    IDIOM_CHARACTERS = 4,
};

/* How questions of a kind are worded. In lm-eval's wording there is no instruction, and two
 * newlines stand between examples. */
struct eval_form {
    const char *variable;
    const char *instruction;
    const char *format, *separator, *stop;
    const char *lm_eval_format; /* NULL: the same */
    const char *before_answer;  /* "" or the space a completion begins with */
    const char *operations[3];  /* words for + - times */
};

struct eval_maker {
    const struct eval_task *task;
    uint64_t seed, n_drawn;
};

/* Uniform below n. */
static uint32_t below(struct eval_maker *m, uint32_t n)
{
    return (uint32_t)(rng_uniform(m->seed, STREAM, m->n_drawn++, 0) * n);
}

/* ---- the forms ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct eval_form form_sum = {
    .variable = "question", .instruction = "",
    .format = "\n\nQ: What is {{question}}?\n\nA:{{output}}", .separator = "", .stop = "\n",
    .lm_eval_format = "Question: What is {{question}}?\nAnswer:{{output}}",
    .before_answer = " ", .operations = {"plus", "minus", "times"},
};
static const struct eval_form form_letters = {
    .variable = "letters",
    .instruction = "Please unscramble the letters into a word, and write that word:",
    .format = "\n{{letters}} ={{output}}", .separator = "", .stop = "\n",
    .before_answer = " ",
};
static const struct eval_form form_zh_sum = {
    .variable = "题", .instruction = "",
    .format = "问：{{题}}等于多少？\n答：{{输出}}", .separator = "\n\n", .stop = "\n",
    .before_answer = "", .operations = {"加", "减", "乘"},
};
static const struct eval_form form_idiom = {
    .variable = "打乱", .instruction = "把打乱的字排成成语。",
    .format = "打乱：{{打乱}}\n成语：{{输出}}", .separator = "\n\n", .stop = "\n",
    .before_answer = "",
};
static const struct eval_form form_verse = {
    .variable = "上句", .instruction = "",
    .format = "上句：{{上句}}\n下句：{{输出}}", .separator = "\n\n", .stop = "\n",
    .before_answer = "",
};
static const struct eval_form form_antonym = {
    .variable = "词", .instruction = "",
    .format = "词：{{词}}\n反义词：{{输出}}", .separator = "\n\n", .stop = "\n",
    .before_answer = "",
};
/* clang-format on */

/* ---- numbers --------------------------------------------------------------------------------- */

static long calculate(long a, unsigned operation, long b)
{
    return operation == 0 ? a + b : operation == 1 ? a - b : a * b;
}

static bool make_sum(struct eval_maker *m, const char *line, struct str *question,
                     struct str *answer)
{
    const struct eval_task *t = m->task;
    const bool chinese = t->form == &form_zh_sum;
    uint32_t limit = 1;
    (void)line;
    for (int i = 0; i < t->digits; i++)
        limit *= 10;
    const long a = below(m, limit), b = below(m, limit);
    str_printf(question, chinese ? "%ld%s%ld" : "%ld %s %ld", a, t->form->operations[t->operation],
               b);
    str_printf(answer, "%ld", calculate(a, t->operation, b));
    return true;
}

static bool make_three(struct eval_maker *m, const char *line, struct str *question,
                       struct str *answer)
{
    static const char signs[] = "+-*";
    (void)line;
    const long a = 1 + below(m, 9), b = 1 + below(m, 9), c = 1 + below(m, 9);
    const unsigned first = below(m, 3), second = below(m, 3);
    str_printf(question, "(%ld %c %ld) %c %ld", a, signs[first], b, signs[second], c);
    str_printf(answer, "%ld", calculate(calculate(a, first, b), second, c));
    return true;
}

static bool make_digits(struct eval_maker *m, const char *line, struct str *question,
                        struct str *answer)
{
    (void)line;
    const unsigned number = below(m, 10000);
    unsigned sum = 0;
    for (unsigned rest = number; rest; rest /= 10)
        sum += rest % 10;
    str_printf(question, "the sum of the digits of the number %u", number);
    str_printf(answer, "%u", sum);
    return true;
}

/* ---- letters --------------------------------------------------------------------------------- */

static bool is_word(const struct eval_task *t, const char *line, size_t n)
{
    return n >= t->n_least && n <= WORD_MAX && strspn(line, "abcdefghijklmnopqrstuvwxyz") == n;
}

static bool all_alike(const char *letters, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (letters[i] != letters[0])
            return false;
    return true;
}

/* Puts n things of `size` bytes in an order drawn at random. */
static void shuffle(struct eval_maker *m, void *things, size_t n, size_t size)
{
    unsigned char *p = things, kept[16];
    for (size_t i = n; i > 1; i--) {
        const size_t j = below(m, (uint32_t)i);
        memcpy(kept, p + (i - 1) * size, size);
        memmove(p + (i - 1) * size, p + j * size, size);
        memcpy(p + j * size, kept, size);
    }
}

static bool make_cycle(struct eval_maker *m, const char *line, struct str *question,
                       struct str *answer)
{
    const size_t n = strlen(line);
    if (!is_word(m->task, line, n) || all_alike(line, n))
        return false;
    do {
        const size_t k = 1 + below(m, (uint32_t)n - 1);
        str_clear(question);
        str_append(question, line + k, n - k);
        str_append(question, line, k);
    } while (strcmp(str_cstr(question), line) == 0); /* a word such as "bonbon" */
    str_append(answer, line, n);
    return true;
}

/* Shuffles what lies between the first and last `kept` letters. */
static bool make_anagram(struct eval_maker *m, const char *line, struct str *question,
                         struct str *answer, size_t kept)
{
    const size_t n = strlen(line);
    if (!is_word(m->task, line, n))
        return false;
    const bool can_differ = !all_alike(line + kept, n - 2 * kept);
    if (!can_differ && kept == 1)
        return false;
    do {
        str_clear(question);
        str_append(question, line, n);
        shuffle(m, question->data + kept, n - 2 * kept, 1);
    } while (can_differ && strcmp(str_cstr(question), line) == 0);
    str_append(answer, line, n);
    return true;
}

static bool make_anagram_1(struct eval_maker *m, const char *line, struct str *question,
                           struct str *answer)
{
    return make_anagram(m, line, question, answer, 1);
}

static bool make_anagram_2(struct eval_maker *m, const char *line, struct str *question,
                           struct str *answer)
{
    return make_anagram(m, line, question, answer, 2);
}

static bool make_insertion(struct eval_maker *m, const char *line, struct str *question,
                           struct str *answer)
{
    static const char signs[] = " ./!";
    const size_t n = strlen(line);
    if (!is_word(m->task, line, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (i)
            str_putc(question, signs[below(m, 4)]);
        str_putc(question, line[i]);
    }
    str_append(answer, line, n);
    return true;
}

static bool make_reversed(struct eval_maker *m, const char *line, struct str *question,
                          struct str *answer)
{
    const size_t n = strlen(line);
    if (!is_word(m->task, line, n))
        return false;
    for (size_t i = n; i > 0; i--)
        str_putc(question, line[i - 1]);
    str_append(answer, line, n);
    return true;
}

/* ---- Chinese --------------------------------------------------------------------------------- */

static bool make_idiom(struct eval_maker *m, const char *line, struct str *question,
                       struct str *answer)
{
    const size_t n = strlen(line);
    if (n != IDIOM_CHARACTERS * HAN_BYTES || utf8_count(line, n) != IDIOM_CHARACTERS)
        return false;
    str_append(question, line, n);
    for (int i = 0; i < SHUFFLES && strcmp(str_cstr(question), line) == 0; i++)
        shuffle(m, question->data, IDIOM_CHARACTERS, HAN_BYTES);
    str_append(answer, line, n);
    return strcmp(str_cstr(question), line) != 0;
}

/* A line is "question answer". */
static bool make_pair(struct eval_maker *m, const char *line, struct str *question,
                      struct str *answer)
{
    (void)m;
    const char *blank = strchr(line, ' ');
    if (!blank || blank == line || !blank[1])
        return false;
    str_append(question, line, (size_t)(blank - line));
    str_puts(answer, blank + 1);
    return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* clang-format off */
#define SUM(d, o)  .form = &form_sum, .k = 50, .digits = (d), .operation = (o), .make = make_sum
#define LETTERS(n) .form = &form_letters, .k = 100, .lines = "words.txt", .n_least = (n)
#define ZH_SUM(o)  .form = &form_zh_sum, .k = 50, .digits = 2, .operation = (o), .make = make_sum
const struct eval_task eval_tasks[] = {
    {.name = "2d+", .about = N_("paper: two-digit addition"), SUM(2, 0)},
    {.name = "2d-", .about = N_("paper: two-digit subtraction"), SUM(2, 1)},
    {.name = "3d+", .about = N_("paper: three-digit addition"), SUM(3, 0)},
    {.name = "3d-", .about = N_("paper: three-digit subtraction"), SUM(3, 1)},
    {.name = "4d+", .about = N_("paper: four-digit addition"), SUM(4, 0)},
    {.name = "4d-", .about = N_("paper: four-digit subtraction"), SUM(4, 1)},
    {.name = "5d+", .about = N_("paper: five-digit addition"), SUM(5, 0)},
    {.name = "5d-", .about = N_("paper: five-digit subtraction"), SUM(5, 1)},
    {.name = "2dx", .about = N_("paper: two-digit multiplication"), SUM(2, 2)},
    {.name = "1dc", .about = N_("paper: three one-digit numbers, two operations"),
     .form = &form_sum, .k = 50, .make = make_three},
    {.name = "6d+", .about = N_("released with the paper: six-digit addition"), SUM(6, 0)},
    {.name = "6d-", .about = N_("released with the paper: six-digit subtraction"), SUM(6, 1)},
    {.name = "digits", .about = N_("released with the paper: the sum of a number's digits"),
     .form = &form_sum, .k = 50, .make = make_digits},
    {.name = "cl", .about = N_("paper: a word whose letters were rotated"), LETTERS(6), .make = make_cycle},
    {.name = "a1", .about = N_("paper: anagram of all but the first and last letter"), LETTERS(5),
     .make = make_anagram_1},
    {.name = "a2", .about = N_("paper: anagram of all but the first two and last two letters"), LETTERS(6),
     .make = make_anagram_2},
    {.name = "ri", .about = N_("paper: a word with a sign or blank in every gap"), LETTERS(6),
     .make = make_insertion},
    {.name = "rw", .about = N_("paper: a word written backwards"), LETTERS(6), .make = make_reversed},
    {.name = "zh-2d+", .about = N_("two-digit addition asked in Chinese"), ZH_SUM(0)},
    {.name = "zh-2d-", .about = N_("two-digit subtraction asked in Chinese"), ZH_SUM(1)},
    {.name = "zh-2dx", .about = N_("two-digit multiplication asked in Chinese"), ZH_SUM(2)},
    {.name = "zh-idiom", .about = N_("Chinese idioms with their characters shuffled"),
     .form = &form_idiom, .k = 20, .lines = "idioms.txt", .make = make_idiom},
    {.name = "zh-verse", .about = N_("the line that follows in a classical poem"),
     .form = &form_verse, .k = 20, .lines = "verses.txt", .make = make_pair},
    {.name = "zh-antonym", .about = N_("Chinese words and their opposites"),
     .form = &form_antonym, .k = 20, .lines = "antonyms.txt", .make = make_pair},
};
/* clang-format on */
const size_t n_eval_tasks = ARRAY_LEN(eval_tasks);

const struct eval_task *eval_task_find(const char *name)
{
    for (size_t i = 0; i < n_eval_tasks; i++)
        if (strcmp(eval_tasks[i].name, name) == 0)
            return &eval_tasks[i];
    return NULL;
}

bool eval_task_lm_eval_greedy(const struct eval_task *task)
{
    return task->form == &form_sum;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The lines of a file, each once, those that begin with # and empty ones left out; in an order that
 * was drawn. */
struct lines {
    struct str text;
    char **list;
    size_t n;
};

static void free_lines(struct lines *l)
{
    str_free(&l->text);
    free(l->list);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void leave_each_once(struct lines *l)
{
    size_t n = 0;
    if (l->n)
        qsort(l->list, l->n, sizeof l->list[0], compare_lines);
    for (size_t i = 0; i < l->n; i++)
        if (i == 0 || strcmp(l->list[i], l->list[i - 1]) != 0)
            l->list[n++] = l->list[i];
    l->n = n;
}

static int read_lines(struct eval_maker *m, const char *words, struct lines *out, struct err *err)
{
    struct lines l = {.text = STR_INIT};
    struct str path = STR_INIT;
    if (words) {
        str_puts(&path, words);
    } else {
        struct str name = STR_INIT;
        str_printf(&name, "eval/%s", m->task->lines);
        paths_shipped(str_cstr(&name), &path);
        str_free(&name);
    }
    int rc = textfile_read(str_cstr(&path), 0, LIMIT_STORY_FILE_BYTES, &l.text, err);
    if (!rc)
        rc = textfile_check(str_cstr(&path), &l.text, err);
    str_free(&path);
    if (rc) {
        free_lines(&l);
        return rc;
    }
    size_t capacity = 0;
    for (char *p = l.text.data, *end; p && *p; p = end) {
        end = p + strcspn(p, "\n");
        if (*end)
            *end++ = '\0';
        if (*p == '\0' || *p == '#')
            continue;
        if (l.n == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            l.list = x_realloc(l.list, capacity * sizeof l.list[0]);
        }
        l.list[l.n++] = p;
    }
    leave_each_once(&l);
    shuffle(m, l.list, l.n, sizeof l.list[0]);
    *out = l;
    return 0;
}

/* ---- making a task --------------------------------------------------------------------------- */

struct question {
    char *question, *answer;
};

/* Questions made so far, and a table to find one again: open addressing, half empty. */
struct questions {
    struct question *list;
    size_t n, capacity;
    size_t *slots; /* index + 1, 0: free */
    size_t n_slots;
};

static size_t *slot_of(const struct questions *q, const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001B3u;
    size_t i = (size_t)(hash ^ hash >> 32) & (q->n_slots - 1);
    while (q->slots[i] && strcmp(q->list[q->slots[i] - 1].question, text) != 0)
        i = (i + 1) & (q->n_slots - 1);
    return &q->slots[i];
}

static void grow_questions(struct questions *q)
{
    q->capacity = q->capacity ? 2 * q->capacity : 256;
    q->list = x_realloc(q->list, q->capacity * sizeof q->list[0]);
    free(q->slots);
    q->n_slots = 2 * q->capacity;
    q->slots = x_calloc(q->n_slots, sizeof q->slots[0]);
    for (size_t i = 0; i < q->n; i++)
        *slot_of(q, q->list[i].question) = i + 1;
}

/* Takes both when the question is a new one. */
static bool add_question(struct questions *q, struct str *question, struct str *answer)
{
    if (q->n == q->capacity)
        grow_questions(q);
    size_t *slot = slot_of(q, str_cstr(question));
    if (*slot)
        return false;
    *slot = q->n + 1;
    q->list[q->n++] = (struct question){str_take(question), str_take(answer)};
    return true;
}

static void free_questions(struct questions *q)
{
    for (size_t i = 0; i < q->n; i++) {
        free(q->list[i].question);
        free(q->list[i].answer);
    }
    free(q->list);
    free(q->slots);
}

/* As many as wanted, or as there are. */
static void make_questions(struct eval_maker *m, const struct lines *l, size_t wanted,
                           struct questions *q)
{
    struct str question = STR_INIT, answer = STR_INIT;
    size_t n_failed = 0;
    for (size_t i = 0; q->n < wanted && (m->task->lines ? i < l->n : n_failed < TRIES); i++) {
        str_clear(&question);
        str_clear(&answer);
        str_puts(&answer, m->task->form->before_answer);
        const bool made = m->task->make(m, m->task->lines ? l->list[i] : NULL, &question, &answer);
        n_failed = made && add_question(q, &question, &answer) ? 0 : n_failed + 1;
    }
    str_free(&question);
    str_free(&answer);
}

static char *copy(const char *text)
{
    return x_strdup(text ? text : "");
}

static struct template *make_template(const struct eval_task *task, enum eval_style style)
{
    const struct eval_form *f = task->form;
    const bool lm_eval = style == EVAL_STYLE_LM_EVAL;
    struct template *t = template_new(task->name);
    free(t->instruction);
    free(t->example_format);
    free(t->separator);
    t->mode = TEMPLATE_FEW;
    t->k = task->k;
    t->select = SELECT_RANDOM;
    t->instruction = copy(lm_eval ? "" : f->instruction);
    t->example_format = copy(lm_eval && f->lm_eval_format ? f->lm_eval_format : f->format);
    t->separator = copy(lm_eval ? "\n\n" : f->separator);
    t->stops = x_malloc(sizeof t->stops[0]);
    t->stops[t->n_stops++] = copy(f->stop);
    return t;
}

static void add_example(struct template *t, const struct eval_form *f, const struct question *q)
{
    struct template_example e = {.output = copy(q->answer), .note = copy(""), .source = copy("")};
    e.fields = x_malloc(sizeof e.fields[0]);
    e.fields[0] = (struct template_field){copy(f->variable), copy(q->question)};
    e.n_fields = 1;
    template_add_example(t, &e);
}

int eval_task_make(const struct eval_task *task, enum eval_style style, uint64_t seed,
                   const char *words, size_t *n_items, struct template **template,
                   struct eval_items *items, struct err *err)
{
    struct eval_maker m = {.task = task, .seed = seed};
    struct lines lines = {.text = STR_INIT};
    struct questions q = {0};
    int rc = task->lines ? read_lines(&m, task->n_least ? words : NULL, &lines, err) : 0;
    if (rc)
        return rc;
    make_questions(&m, &lines, task->lines ? lines.n : *n_items + POOL, &q);
    free_lines(&lines);
    if (q.n < 2) {
        free_questions(&q);
        return err_set(err, E_INPUT, _("%s: there are fewer than two words the task could use"),
                       words ? words : task->name);
    }
    const size_t n_pool = q.n / 2 < POOL ? q.n - q.n / 2 : POOL; /* half of a short list */
    if (*n_items > q.n - n_pool)
        *n_items = q.n - n_pool;
    *template = make_template(task, style);
    for (size_t i = 0; i < q.n; i++) {
        if (i >= *n_items) {
            add_example(*template, task->form, &q.list[i]);
            continue;
        }
        struct eval_item *item = eval_items_add(items);
        eval_item_add_field(item, task->form->variable, q.list[i].question);
        eval_item_add_answer(item, q.list[i].answer);
    }
    free_questions(&q);
    return 0;
}
