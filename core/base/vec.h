/*
 * Arrays that grow by doubling: a pointer, how many elements are in use, and how many there is room
 * for (uint32_t). A zeroed one is empty; its owner frees the pointer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes room for one more element. Returns false if there is no memory: the array is then as it
 * was. */
#define VEC_RESERVE(items, count, room) \
	((count) < (room) || vec_grow(&(items), &(room), sizeof *(items)))

/* The same for what is built at start: ends the program with EX_OSERR if there is no memory. */
#define VEC_REQUIRE(items, count, room) \
	((count) < (room) ? (void)0 : vec_must_grow(&(items), &(room), sizeof *(items)))

/* `items`: the address of the pointer to the first element. Doubles the room. Returns false, and
 * changes nothing, if there is no memory or the size is beyond what can be counted. */
bool vec_grow(void *items, uint32_t *room, size_t element_size);
void vec_must_grow(void *items, uint32_t *room, size_t element_size);
