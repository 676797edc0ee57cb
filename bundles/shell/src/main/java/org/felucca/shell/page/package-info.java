/** The manual pages and the completion files of shells, made from the verbs. */
@org.jspecify.annotations.NullMarked
package org.felucca.shell.page;
