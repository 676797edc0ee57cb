package org.felucca.spec;

import java.util.List;
import org.felucca.oci.JsonObject;

/**
 * Who a process is.
 *
 * @param uid the user
 * @param gid the primary group
 * @param groups every group, the primary one among them: a runtime that is told nothing keeps its
 *     own
 * @param home the home folder
 */
record ResolvedUser(long uid, long gid, List<Long> groups, String home) {
  boolean isRoot() {
    return uid == 0;
  }

  JsonObject json() {
    return JsonObject.create("user").put("uid", uid).put("gid", gid).put("additionalGids", groups);
  }
}
