package org.felucca.engine;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Names for containers whose users give none: a manner and a ship. */
final class ContainerNames {
  private static final List<String> MANNERS =
      List.of(
          "able", "bold", "brisk", "calm", "clear", "dapper", "deft", "eager", "fair", "fleet",
          "gentle", "glad", "hardy", "keen", "lively", "lucid", "merry", "mild", "nimble",
          "patient", "plucky", "proud", "quick", "quiet", "ready", "serene", "sound", "spry",
          "steady", "stout", "sunny", "swift", "tidy", "trim", "trusty", "witty");

  private static final List<String> SHIPS =
      List.of(
          "barge",
          "bark",
          "brig",
          "caravel",
          "carrack",
          "catboat",
          "clipper",
          "cog",
          "coracle",
          "corsair",
          "corvette",
          "cutter",
          "dhow",
          "dinghy",
          "dory",
          "drifter",
          "felucca",
          "frigate",
          "galleon",
          "galley",
          "gig",
          "gondola",
          "junk",
          "kayak",
          "ketch",
          "launch",
          "lugger",
          "packet",
          "pinnace",
          "pram",
          "proa",
          "punt",
          "raft",
          "sampan",
          "schooner",
          "skiff",
          "sloop",
          "smack",
          "tartane",
          "tender",
          "trawler",
          "tug",
          "whaler",
          "wherry",
          "xebec",
          "yawl");

  private ContainerNames() {}

  /** A name, not certain to be free. */
  static String random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return MANNERS.get(random.nextInt(MANNERS.size()))
        + "_"
        + SHIPS.get(random.nextInt(SHIPS.size()));
  }
}
