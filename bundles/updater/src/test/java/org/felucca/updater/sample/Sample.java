package org.felucca.updater.sample;

/** The service of the bundles that the tests exchange. */
public interface Sample {}
