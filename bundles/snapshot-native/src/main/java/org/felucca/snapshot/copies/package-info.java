/** The snapshotter {@code native}: each writable snapshot is a whole copy of its parent. */
@NullMarked
package org.felucca.snapshot.copies;

import org.jspecify.annotations.NullMarked;
