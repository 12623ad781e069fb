//go:build race

package main

// hasRaceDetector: the detector reserves more address space than some limits allow.
const hasRaceDetector = true
