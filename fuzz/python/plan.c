#include "plan.h"

#include <string.h>

enum { FLAG_LEAKS = 0x80, PER_CALL_MASK = 0x0f, LEAKS_ONE_IN = 64 };
static const uint8_t mark[2] = {'P', 'y'};

static bool is_there(const uint8_t *data, size_t size) {
    if (size < PLAN_TAIL || memcmp(data + size - sizeof mark, mark, sizeof mark) != 0)
        return false;
    uint8_t count = data[size - 3];
    return count > 0 && count <= PLAN_ROWS_MAX && (size_t)count * PLAN_ROW + PLAN_TAIL <= size;
}

size_t plan_split(struct plan *plan, const uint8_t *data, size_t size) {
    *plan = (struct plan){.per_call = 1};
    if (!is_there(data, size))
        return size;
    const uint8_t *tail = data + size - PLAN_TAIL;
    plan->per_call = (uint8_t)((tail[0] & PER_CALL_MASK) + 1);
    plan->tries_leaks = tail[0] & FLAG_LEAKS;
    plan->row_count = tail[1];
    size_t rows = (size_t)plan->row_count * PLAN_ROW;
    memcpy(plan->rows, tail - rows, rows);
    return size - PLAN_TAIL - rows;
}

size_t plan_write(const struct plan *plan, uint8_t *out, size_t capacity) {
    size_t count = plan->row_count;
    if (capacity < PLAN_TAIL + PLAN_ROW || count == 0)
        return 0;
    if (count > (capacity - PLAN_TAIL) / PLAN_ROW)
        count = (capacity - PLAN_TAIL) / PLAN_ROW;
    size_t rows = count * PLAN_ROW;
    memcpy(out, plan->rows, rows);
    out[rows] = (uint8_t)((plan->per_call - 1) | (plan->tries_leaks ? FLAG_LEAKS : 0));
    out[rows + 1] = (uint8_t)count;
    memcpy(out + rows + 2, mark, sizeof mark);
    return rows + PLAN_TAIL;
}

/* --- making and changing ---------------------------------------------------------------------- */

static uint8_t any_byte(struct random *random) {
    return (uint8_t)random_below(random, 256);
}

/* 0 is the plain kind of each column. */
static void fill_row(uint8_t row[PLAN_ROW], struct random *random) {
    for (int column = 0; column < PLAN_COLUMNS; column++)
        row[column] = random_one_in(random, 2) ? any_byte(random) : 0;
    row[PLAN_COLUMNS] = any_byte(random);
}

static void set_flags(struct plan *plan, struct random *random) {
    plan->per_call = (uint8_t)random_between(random, 1, PER_CALL_MASK + 1);
    plan->tries_leaks = random_one_in(random, LEAKS_ONE_IN);
}

void plan_generate(struct plan *plan, struct random *random) {
    plan->row_count = (uint8_t)random_between(random, 1, PLAN_ROWS_MAX);
    set_flags(plan, random);
    for (int i = 0; i < plan->row_count; i++)
        fill_row(plan->rows[i], random);
}

void plan_mutate(struct plan *plan, struct random *random) {
    if (plan->row_count == 0) {
        plan_generate(plan, random);
        return;
    }
    uint8_t *row = plan->rows[random_below(random, plan->row_count)];
    switch (random_below(random, 6)) {
    case 0:
        set_flags(plan, random);
        break;
    case 1:
        fill_row(row, random);
        break;
    case 2:
        memcpy(row, plan->rows[--plan->row_count], PLAN_ROW);
        break;
    case 3:
        if (plan->row_count < PLAN_ROWS_MAX)
            fill_row(plan->rows[plan->row_count++], random);
        break;
    default:
        row[random_below(random, PLAN_ROW)] = any_byte(random);
        break;
    }
}
