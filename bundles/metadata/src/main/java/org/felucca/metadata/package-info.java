/** Every record, label, lease and garbage collection, in SQLite. */
@NullMarked
package org.felucca.metadata;

import org.jspecify.annotations.NullMarked;
