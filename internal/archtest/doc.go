// Package archtest keeps the drawing of the house true: which package lies in
// which layer, and that imports point down.
package archtest
