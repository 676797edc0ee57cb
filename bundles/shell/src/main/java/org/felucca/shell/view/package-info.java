/** How things are shown: tables for people, JSON for programs. */
@NullMarked
package org.felucca.shell.view;

import org.jspecify.annotations.NullMarked;
