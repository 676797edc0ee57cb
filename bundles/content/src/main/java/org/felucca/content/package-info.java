/** Blobs on disk. */
@NullMarked
package org.felucca.content;

import org.jspecify.annotations.NullMarked;
