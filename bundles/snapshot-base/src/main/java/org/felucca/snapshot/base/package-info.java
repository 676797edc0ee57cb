/**
 * What the snapshotters that keep their files in a folder have in common: the layout and its
 * clean-up, the threads, the words of errors, and the order in which things are checked. No bundle
 * of its own: a snapshotter is replaced alone, so each carries a copy of these classes.
 */
@NullMarked
package org.felucca.snapshot.base;

import org.jspecify.annotations.NullMarked;
