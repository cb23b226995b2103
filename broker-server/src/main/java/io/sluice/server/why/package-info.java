/** Why a topic or a group does not move: reasons from what is known of it at one moment. Pure, but for the few samples that rates need. */
package io.sluice.server.why;
