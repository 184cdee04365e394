// Package platform is what the places where a runner lives have in common: that they can be asked not to take us away
// while a job runs. The packages below it each know one of them.
//
// It never keeps a job waiting, asks nothing of anybody while there is no job, and has no goroutine then.
package platform
